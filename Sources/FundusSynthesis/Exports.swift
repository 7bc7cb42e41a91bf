@_exported import MMRetinalData
