import KeepFIT

@main
enum Main {
  static func main() { print("keepfit") }
}
