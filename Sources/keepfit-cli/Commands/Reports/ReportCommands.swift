/// The commands for reports of angiography images, in the order in which the help lists them.
enum ReportCommands {
  static var all: [any Subcommand.Type] {
    [
      ReportsGenerateCommand.self, ReportsScoreCommand.self,
    ]
  }
}
