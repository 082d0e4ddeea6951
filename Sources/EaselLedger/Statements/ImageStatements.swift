import EaselBase
import EaselCore

/// The statements that write images.
enum ImageStatements {
    private static let removeSQL = """
        DELETE FROM images WHERE team_id = $1 AND call_id = $3 AND created_at >= $5 AND created_at < $6
            AND image_id <> ALL($7) AND EXISTS (
                SELECT 1 FROM calls AS c
                WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4)
        """

    private static func insertSQL(_ images: String, _ calls: String) -> String {
        """
        INSERT INTO \(images) (team_id, created_at, image_id, call_id, attempt_id, ordinal, seed, nsfw, copyright,
            withheld, width, height, format, bytes, sha256, provider_image_id, artifact, cost_nusd)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18 FROM \(calls) AS c
        WHERE c.team_id = $1 AND c.received_at = $19 AND c.call_id = $4 AND c.settled_at = $20
        ON CONFLICT (team_id, created_at, image_id) DO UPDATE SET attempt_id = excluded.attempt_id,
            ordinal = excluded.ordinal, seed = excluded.seed, nsfw = excluded.nsfw, copyright = excluded.copyright,
            withheld = excluded.withheld, width = excluded.width, height = excluded.height, format = excluded.format,
            bytes = excluded.bytes, sha256 = excluded.sha256, provider_image_id = excluded.provider_image_id,
            artifact = excluded.artifact, cost_nusd = excluded.cost_nusd
        """
    }

    /// Removes images of an earlier settlement of the call that are not among these.
    static func remove(_ settlement: Settlement) -> SQLCommand {
        SQLCommand(
            removeSQL,
            settlement.key.values + [
                .time(settlement.settledAt), .time(settlement.receivedAt - CallStatements.clockSlack),
                .time(settlement.receivedAt + CallStatements.callWindow), .uuids(settlement.images.map(\.imageID)),
            ]
        )
    }

    static func insert(_ image: ImageRecord, _ settlement: Settlement) -> SQLCommand {
        SQLCommand(
            insertSQL(
                Partitions.name("images", image.createdAt),
                Partitions.name("calls", settlement.receivedAt)
            ),
            [
                .int(image.teamID), .time(image.createdAt), .uuid(image.imageID), .uuid(image.callID),
                .uuid(image.attemptID), .int(image.ordinal), .int(image.seed), .bool(image.nsfw),
                .text(image.copyright.rawValue), .bool(image.withheld), .int(image.size?.width),
                .int(image.size?.height), .text(image.format?.rawValue), .int(image.bytes), .bytes(image.sha256),
                .text(image.providerImageID), .text(image.artifact), .money(image.cost),
                .time(settlement.receivedAt), .time(settlement.settledAt),
            ]
        )
    }
}
