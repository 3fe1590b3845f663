"""What crosses a process or file boundary, and the pure rules over it."""
