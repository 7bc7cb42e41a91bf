/// The commands for reports of angiography images, in the order in which the help lists them.
enum ReportCommands {
  static var all: [any Subcommand.Type] {
    [
      ReportsInitCommand.self, ReportsTrainCommand.self, ReportsGenerateCommand.self,
      ReportsLossCommand.self, ReportsScoreCommand.self,
    ]
  }
}
