@_exported import FundusModels
@_exported import MMRetinalData
@_exported import ReportPages
