import Foundation

/// An error number of the system, which people read as words.
package struct SystemError: Error, Sendable, Hashable, Explained {
    package let code: Int32

    package init(_ code: Int32) { self.code = code }

    /// What the last call of the C library left. Read it at once: anything in between may change it.
    package static var last: SystemError { SystemError(errno) }

    /// A clause such as `permission denied`.
    package var sentence: String {
        switch code {
        case ENOENT: return "no such file"
        case EACCES, EPERM: return "permission denied"
        case EISDIR: return "it is a folder"
        case ENOTDIR: return "a part of the path is a file and no folder"
        case EEXIST: return "something else has that name"
        case ENOSPC: return "no space left on device"
        case EDQUOT: return "the disk quota is used up"
        case EFBIG: return "it is too large"
        case EROFS: return "the file system is read-only"
        case EPIPE: return "nobody reads it any more"
        case EBADF: return "it is closed"
        case EMFILE, ENFILE: return "too many files are open"
        case ENAMETOOLONG: return "the name is too long"
        case ELOOP: return "its symbolic links go in circles"
        case EIO: return "the device failed"
        default: break
        }
        return String(cString: strerror(code)).lowercased()
    }
}
