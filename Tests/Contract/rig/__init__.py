"""The rig of the contract tests: namespaces, daemons in them, and clients that talk to those daemons."""
