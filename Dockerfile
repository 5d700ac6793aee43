# Notebooks of pm_dalec in a browser: docker build -t pm_dalec . && docker run -p 8888:8888 pm_dalec
FROM python:3.13-slim
WORKDIR /home/pm_dalec
COPY . .
RUN pip install --no-cache-dir -c constraints.txt ".[dask,explore,maps]" jupyterlab jupytext
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser", "--allow-root", "--notebook-dir=notebooks"]
