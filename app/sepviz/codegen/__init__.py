"""The layer as source code, one module for each framework."""
