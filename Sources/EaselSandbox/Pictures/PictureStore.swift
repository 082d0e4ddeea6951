import EaselBase
import EaselCore

/// A finished picture that is served by link.
struct StoredPicture: Sendable {
    let bytes: [UInt8]
    let format: ImageFormat
    /// Nil: as long as there is room.
    let expiresAt: Timestamp?
}

/// Finished and uploaded pictures by id, up to a quarter of a gigabyte in all.
final class PictureStore: Sendable {
    private let store = ByteBoundedStore<String, StoredPicture>(limit: 256 << 20)

    func keep(_ picture: StoredPicture, as id: String) { store.insert(picture, bytes: picture.bytes.count, for: id) }

    /// The picture, or nil when it is unknown or its time is over.
    func picture(_ id: String, now: Timestamp) -> StoredPicture? {
        guard let picture = store.value(for: id) else { return nil }
        if let end = picture.expiresAt, end <= now { return nil }
        return picture
    }

    func removeAll() { store.removeAll() }
}
