// Package jupyter registers a kernel with Jupyter and finds, installs and
// starts JupyterLab. It knows nothing of what the kernel does.
package jupyter
