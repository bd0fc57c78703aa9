x='a
