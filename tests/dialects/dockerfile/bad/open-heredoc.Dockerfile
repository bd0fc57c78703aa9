FROM a
RUN <<E
b
