"""Entities over HTTP: a resource names an entity's service and read model, and one function makes its routes."""
