# conformance/inproc
