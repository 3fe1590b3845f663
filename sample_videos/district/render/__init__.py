"""The Blender side of the sample district: meshes, materials, sprites and plates.

Runs under Blender's own Python (`requirements-render.txt`); nothing else of the project imports it.
"""
