/// The commands for angiography reports, in the order of the help.
enum ReportCommands {
  static var all: [any Subcommand.Type] {
    [
      ReportsInitCommand.self, ReportsTrainCommand.self, ReportsGenerateCommand.self,
      ReportsEvaluateCommand.self, ReportsLossCommand.self, ReportsScoreCommand.self,
    ]
  }
}
