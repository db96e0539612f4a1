"""What a layer is, without torch and without HTTP: parameters, operations, costs."""
