import EaselBase
import EaselCore

/// A finished image that is served by link.
struct StoredImage: Sendable {
    let bytes: [UInt8]
    let format: ImageFormat
    /// Nil: as long as there is room.
    let expiresAt: Timestamp?
}

/// Finished and uploaded images by id, up to a quarter of a gigabyte in all.
final class ImageStore: Sendable {
    private let store = ByteBoundedStore<String, StoredImage>(limit: 256 << 20)

    func keep(_ image: StoredImage, as id: String) { store.insert(image, bytes: image.bytes.count, for: id) }

    /// The image, or nil when it is unknown or its time is over.
    func image(_ id: String, now: Timestamp) -> StoredImage? {
        guard let image = store.value(for: id) else { return nil }
        if let end = image.expiresAt, end <= now { return nil }
        return image
    }

    func removeAll() { store.removeAll() }
}
