import EaselBase
import EaselTransport

/// Scripted answers: what a simulator sends, or fails to send, on demand.
extension ServerConnection {
    /// Performs the steps in a task of its own, which the connection's end cancels.
    func run(_ script: ScriptedAnswer, _ steps: [ResponseStep]) {
        self.script = script
        task = Task(executorPreference: loop) { [self] in
            for step in steps {
                if case .wait(let duration) = step {
                    do { try await loop.sleep(for: duration) } catch { return }
                } else if !perform(step) {
                    return
                }
            }
            endScript()
        }
    }

    /// False when the script is over.
    private func perform(_ step: ResponseStep) -> Bool {
        guard flow.phase == .answering, let script else { return false }
        switch step {
        case .write(let bytes): emit(script.output(for: bytes, date: loop.dateText()))
        case .raw(let bytes): emit(script.raw(bytes))
        case .wait: break
        case .reset:
            close(resetting: true)
            return false
        case .close:
            finishClosing()
            return false
        }
        return true
    }

    private func endScript() {
        guard flow.phase == .answering, let script else { return }
        task = nil
        emit(script.end(date: loop.dateText()))
        if !script.isComplete { flow.willClose() }
        if socket.isDrained { answered() } else { watchProgress() }
    }

    /// Closes in order once everything is written.
    private func finishClosing() {
        task = nil
        flow.willClose()
        if socket.isDrained { answered() } else { watchProgress() }
    }

    private func emit(_ bytes: [UInt8]) {
        if !bytes.isEmpty, !socket.write(bytes) { watchProgress() }
    }
}
