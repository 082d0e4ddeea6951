"""The parts of figures.py: each proves one thing about the figures that Easel keeps."""
