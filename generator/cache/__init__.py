"""What is kept between runs, outside the repository: costs time when it is lost, nothing else."""
