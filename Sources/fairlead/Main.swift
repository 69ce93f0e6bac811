@main
struct Main {
    static func main() async { await Invocation(CommandLine.arguments).run() }
}
