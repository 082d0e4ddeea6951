import EaselConfiguration
import Foundation

/// The program: reads its arguments, runs one command, and turns what went wrong into a sentence and an exit code.
@main
enum EaselCommand {
    static func main() async {
        // A reader that goes away (`easel calls list | head`) ends the program quietly, as any filter; servers ignore it
        // for themselves.
        let words = Array(CommandLine.arguments.dropFirst())
        let code = await CommandRunner.run(words)
        ExitCode.end(with: code)
    }
}

/// Exit codes of contract section 2.
enum ExitCode {
    static let done: Int32 = 0
    static let failed: Int32 = 1
    static let usage: Int32 = 2
    /// With `--check`: a budget is past its warning threshold.
    static let warned: Int32 = 3
    /// With `--check`: a budget is used up.
    static let exceeded: Int32 = 4
    /// The report has a data gap; only with `--check`.
    static let dataGap: Int32 = 5

    /// Ends the process. Not by exit(): threads of the event loops still run, and the exit handlers of the C libraries would
    /// take their memory away beneath them. What is printed is written already.
    static func end(with code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }
}

/// What ends a command: a sentence for people and an exit code.
struct CommandFailure: Error {
    let message: String
    let code: Int32

    init(_ message: String, code: Int32 = ExitCode.failed) {
        self.message = message
        self.code = code
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
                Output.data(text)
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
        } catch let failure as CommandFailure {
            Output.note("easel: \(failure.message)")
            return failure.code
        } catch let error as ConfigurationError {
            Output.note(error.report)
            return ExitCode.usage
        } catch {
            Output.note("easel: \(error)")
            return ExitCode.failed
        }
    }

    private static func dispatch(_ arguments: ParsedArguments) async throws {
        let path = arguments.command
        switch path.first ?? "" {
        case "serve": try await ServeCommand.run(arguments)
        case "up": try await UpCommand.run(arguments)
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

/// Where words go: data on standard output only, everything else on standard error.
enum Output {
    static func data(_ text: String) {
        FileHandle.standardOutput.write(Data((text.utf8.last == 10 ? text : text + "\n").utf8))
    }

    static func data(_ bytes: [UInt8]) {
        FileHandle.standardOutput.write(Data(bytes))
        if bytes.last != 10 { FileHandle.standardOutput.write(Data([10])) }
    }

    static func note(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
