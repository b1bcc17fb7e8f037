# Graft in a container, for docker, podman or buildah. Two targets:
#
#   docker build --target cpu  -t graft .
#   docker build --target cuda -t graft:cuda .
#
#   docker run --rm -v "$PWD:/work" graft run study.yaml
#   docker run --rm --gpus all -v "$PWD:/work" graft:cuda run study.yaml
#
# Files that it writes to /work belong to the user within; to be those of your own, build with
#
#   --build-arg UID=$(id -u) --build-arg GID=$(id -g) --build-arg USER=$(whoami) --build-arg GROUP=$(id -gn)
#
# The runtime images have no compiler: Swift's runtime lies within the programs, the rest are Debian's libraries.

ARG SWIFT_VERSION=6.3.1
ARG DEBIAN_VERSION=12.11

# What both programs are built with.
FROM swift:${SWIFT_VERSION}-bookworm AS toolchain
WORKDIR /source
COPY scripts/setup.sh scripts/setup.sh
RUN sh scripts/setup.sh make && rm -rf /var/lib/apt/lists/*
COPY . .

# The system's libtorch computes on the processor.
FROM toolchain AS build-cpu
RUN make dist && mkdir /dist && tar -xzf .build/dist/graft-*.tar.gz -C /dist --strip-components=1

# PyTorch's wheel has a libtorch that computes on CUDA devices, and brings the libraries of CUDA that it needs. A mirror of
# the index is named by PIP_INDEX_URL.
FROM toolchain AS build-cuda
ARG TORCH_VERSION=2.13.0
ARG PIP_INDEX_URL
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/* && \
    pip3 install --no-cache-dir --target /opt/torch "torch==${TORCH_VERSION}"
ENV LIBTORCH=/opt/torch/torch
RUN make dist && mkdir /dist && tar -xzf .build/dist/graft-*.tar.gz -C /dist --strip-components=1
# Of the wheel the shared libraries alone are needed to run.
WORKDIR /opt/torch
RUN mkdir -p /runtime/opt/torch && find torch/lib nvidia -name '*.so*' -exec cp --parents -P {} /runtime/opt/torch \;

# What both run on.
FROM debian:${DEBIAN_VERSION}-slim AS runtime
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates curl libdcmtk17 libgomp1 libhdf5-103-1 libjpeg62-turbo libopenblas0-pthread libpng16-16 \
      libsqlite3-0 libssl3 libstdc++6 libtiff6 zlib1g \
    && rm -rf /var/lib/apt/lists/*
ARG UID=1000
ARG GID=1000
ARG USER=graft
ARG GROUP=graft
# A group of that number may be there already.
RUN (getent group "${GID}" || groupadd --gid "${GID}" "${GROUP}") && \
    useradd --uid "${UID}" --gid "${GID}" --create-home "${USER}" && \
    install -d -o "${UID}" -g "${GID}" /work
WORKDIR /work
ENTRYPOINT ["graft"]
CMD ["--help"]

FROM runtime AS cuda
COPY --from=build-cuda /runtime/ /
COPY --from=build-cuda /dist/ /usr/local/
# The driver is the host's, handed in by NVIDIA's container toolkit.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN find /opt/torch -name '*.so*' -printf '%h\n' > /tmp/folders && sort -u /tmp/folders > /etc/ld.so.conf.d/torch.conf && \
    rm /tmp/folders && ldconfig
ARG UID=1000
USER ${UID}

# The last target is the one that is built where none is named.
FROM runtime AS cpu
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libtorch1.13 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build-cpu /dist/ /usr/local/
ARG UID=1000
USER ${UID}
