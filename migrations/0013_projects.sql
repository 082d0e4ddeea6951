-- Whether the calls of a key may name no other project than its own, and which projects a team has; NULL: any.
ALTER TABLE api_keys ADD COLUMN project_bound boolean NOT NULL DEFAULT false;
ALTER TABLE teams ADD COLUMN known_projects jsonb;

-- Names are kept in NFC from now on. A budget whose name is composed anew where one of that name stands already keeps its
-- old spelling, which no call has any more. What was logged stays as it was written.
DO $$
BEGIN
    IF current_setting('server_encoding') = 'UTF8' THEN
        UPDATE api_keys SET project = normalize(project, NFC) WHERE project IS NOT NFC NORMALIZED;
        UPDATE budgets AS b SET project = normalize(b.project, NFC)
        WHERE b.project IS NOT NFC NORMALIZED AND NOT EXISTS (
            SELECT 1 FROM budgets AS o
            WHERE o.team_id = b.team_id AND o.id <> b.id AND o.scope = b.scope AND o.period = b.period
                AND (o.limit_nusd IS NULL) = (b.limit_nusd IS NULL)
                AND normalize(o.project, NFC) = normalize(b.project, NFC));
        UPDATE budget_windows AS w SET project = b.project
        FROM budgets AS b WHERE b.team_id = w.team_id AND b.id = w.budget_id AND b.project IS DISTINCT FROM w.project;
    END IF;
END $$;
