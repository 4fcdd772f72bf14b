"""The HTTP edge: what arrives is checked and read; what comes back is given a status and headers."""
