@_exported import FundusTensor
