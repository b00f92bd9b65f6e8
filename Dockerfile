# One image with every program of Dramatis. Which one runs is the command:
#   docker build -t dramatis . && docker run --rm dramatis dramatis --help
FROM debian:12-slim AS build
WORKDIR /src
# The list of packages is ./dev's; copied alone, so that it is installed once for many builds.
COPY dev ./
RUN ./dev install
COPY . .
RUN cmake --preset release \
    && cmake --build build/release --target dramatis dramatis-persona dramatis-conversation \
       dramatis-memory dramatis-inference dramatis-gateway \
    && mkdir /out \
    && for name in dramatis dramatis-persona dramatis-conversation dramatis-memory \
       dramatis-inference dramatis-gateway; do strip -o "/out/$name" "build/release/bin/$name"; done

FROM debian:12-slim
# curl is what the health checks ask with.
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
       ca-certificates curl libboost-json1.81.0 libc-ares2 libcurl4 libicu72 libpqxx-6.4 libyaml-cpp0.7 libzip4 \
       libprometheus-cpp-core1.0 libprotobuf32 libre2-9 libspdlog1.10 libsqlite3-0 libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65532 -g 65532 /data
COPY --from=build /out/ /usr/local/bin/
ENV DRAMATIS_DATA_DIR=/data
VOLUME /data
USER 65532:65532
WORKDIR /data
CMD ["dramatis"]
