# The operator's image: docker build -t bayplan:0.1.0 .
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements-dev.lock ./
# Everything that is downloaded is checked against the lock file's hashes; from here on nothing else is.
RUN pip wheel --no-cache-dir --require-hashes --wheel-dir /wheels -r requirements-dev.lock
COPY pyproject.toml README.md LICENSE ./
COPY placement placement
COPY operator operator
RUN pip install --no-cache-dir --no-index --find-links /wheels hatchling hatch-fancy-pypi-readme \
 && pip wheel --no-index --find-links /wheels --no-build-isolation --no-deps --wheel-dir /wheels .
# Only what the operator needs at run time: the lock file holds the tools of development too.
RUN python -m venv /opt/bayplan \
 && /opt/bayplan/bin/pip install --no-cache-dir --no-index --find-links /wheels 'bayplan[operator,fast]'
# For any processor of this kind, since the one that builds is not the one that runs.
ENV NUMBA_CPU_NAME=generic
# The library's kernels, compiled once here and not by every operator at its start.
RUN NUMBA_CACHE_DIR=/opt/bayplan/kernels /opt/bayplan/bin/python -m bayplan.warm \
 && chmod -R a+rX /opt/bayplan/kernels

FROM python:3.12-slim
COPY --from=build /opt/bayplan /opt/bayplan
COPY docker/bayplan /opt/bayplan/start/bayplan
ENV NUMBA_CPU_NAME=generic
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
ENV PATH=/opt/bayplan/start:/opt/bayplan/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# 8080: probes; 9090: metrics
EXPOSE 8080 9090
ENTRYPOINT ["bayplan"]
CMD ["operator"]
