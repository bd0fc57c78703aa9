# syntax=docker/dockerfile:1
# it's generated

ARG BASE=debian:trixie-slim
FROM --platform=$BUILDPLATFORM ${BASE} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV A="a \$b" \
    # a note
    B='$c' C=d
RUN --mount=type=cache,target=/root/.cache [ -f x ] && \
    echo "it's" 'a
RUN <<EOF
cat "$(x
EOF
COPY --from=build ["a b", "/c/"]
COPY <<-'A' <<B /d/
x
	A
y
B
HEALTHCHECK --interval=5s CMD true
ENTRYPOINT ["go", "run"]
CMD go version
