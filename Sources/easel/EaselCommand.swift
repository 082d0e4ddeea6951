import Dispatch
import EaselBase
import EaselConfiguration
import Foundation

/// The program: reads its arguments, runs one command, and turns what went wrong into a sentence and an exit code.
@main
enum EaselCommand {
    /// Not `async`: nothing, the executors of tasks included, may open a file before the standard descriptors are taken.
    static func main() {
        Descriptor.occupyStandard()
        _ = Descriptor.pipeIgnored
        let words = Array(CommandLine.arguments.dropFirst())
        Task(name: "command") { ExitCode.end(with: await CommandRunner.run(words)) }
        dispatchMain()
    }
}

/// Finds the command and runs it.
enum CommandRunner {
    @concurrent
    static func run(_ words: [String]) async -> Int32 {
        let parser = ArgumentParser(CommandTree.root)
        do throws(UsageError) {
            switch try parser.parse(words) {
            case .help(let text):
                Output.raw(text)
                return ExitCode.done
            case .run(let arguments):
                return await run(arguments)
            }
        } catch {
            Output.note(error.description)
            return UsageError.exitCode
        }
    }

    private static func run(_ arguments: ParsedArguments) async -> Int32 {
        do {
            try await dispatch(arguments)
            return ExitCode.done
        } catch let error as ConfigurationError {
            Output.note(error.report)
            return ExitCode.usage
        } catch {
            Output.note("easel: \(sentence(for: error))")
            return switch error {
            case let failure as CommandFailure: failure.code
            case is InputFile.Failure: ExitCode.usage
            default: ExitCode.failed
            }
        }
    }

    private static func dispatch(_ arguments: ParsedArguments) async throws {
        let path = arguments.command
        switch path.first ?? "" {
        case "serve": try await ServeCommand.run(arguments)
        case "up": try await UpCommand.run(arguments)
        case "audit": try await AuditCommand.run(arguments)
        case "remix": try await RemixCommand.run(arguments)
        case "report": try await ReportCommand.run(arguments)
        case "calls": try await CallsCommand.run(arguments)
        case "team": try await TeamCommand.run(arguments)
        case "key": try await KeyCommand.run(arguments)
        case "budget": try await BudgetCommand.run(arguments)
        case "alert": try await AlertCommand.run(arguments)
        case "price": try await PriceCommand.run(arguments)
        case "provider": try await ProviderCommand.run(arguments)
        case "route": try await RouteCommand.run(arguments)
        case "reconcile": try await ReconcileCommand.run(arguments)
        case "db": try await DatabaseCommand.run(arguments)
        case "sandbox": try await SandboxCommand.run(arguments)
        case "doctor": try await DoctorCommand.run(arguments)
        case "config": try ConfigCommand.run(arguments)
        case "version": VersionCommand.run(arguments)
        case "completions": CompletionsCommand.run(arguments)
        default: throw CommandFailure("there is no command \(path.joined(separator: " "))", code: ExitCode.usage)
        }
    }
}
