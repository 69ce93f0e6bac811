// Only the link line: the C++ headers are for Sources/C/CRE2.
