@_exported import FundusModels
@_exported import MMRetinalData
