FROM a
CMD ["b"
