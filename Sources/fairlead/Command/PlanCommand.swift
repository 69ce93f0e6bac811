import ArgumentParser
import Client
import FairleadAPI

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Look at the kernel afresh and print what a reconcile would do: nothing, on a healthy host.")

    @OptionGroup var options: ClientOptions
    @Flag(help: "Print the steps as JSON.") var json = false

    func run() throws {
        let response = try options.client().get(FairleadAPI.planPath)
        let report: PlanReport
        do {
            report = try PlanReport(response.body)
        } catch {
            throw CommandFailure.report("the daemon's answer makes no sense: \(error)")
        }
        if json { Terminal.write(report.json) } else { Terminal.write(Self.text(report)) }
    }

    /// One step a line.
    static func text(_ report: PlanReport) -> String {
        if report.steps.isEmpty { return "Nothing to do: the kernel is as it shall be.\n" }
        return report.steps.map { "\($0.action) \($0.object): \($0.reason)\n" }.joined()
    }
}
