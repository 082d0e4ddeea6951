"""The parts of outage.py: each proves one thing about staying up when providers do not."""
