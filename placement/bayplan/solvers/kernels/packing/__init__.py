"""What free room on nodes with GPUs is worth, and how broken up it is; whole numbers throughout."""
