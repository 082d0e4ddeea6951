-- The prices known when this was written, one picture each, in nanodollars. What is not listed is unpriced (M1).
-- Each line says in `source` how sure it is. Runware passes Ideogram's prices through and reports the cost of every
-- task itself, so its lines serve as upper bound and as the estimate where a report is missing.

INSERT INTO prices (provider, model, rendering_speed, character_reference, per_image_nusd, effective_from, source)
VALUES
    ('ideogram', 'ideogram-4.0', 'turbo', false, 30000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-4.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'confirmed by a quote, 2026-10'),
    ('ideogram', 'ideogram-4.0', 'quality', false, 100000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-3.0', 'turbo', false, 30000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-3.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'confirmed by a quote, 2026-10'),
    ('ideogram', 'ideogram-3.0', 'quality', false, 90000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-3.0', 'turbo', true, 100000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-3.0', 'default', true, 150000000, '2025-01-01T00:00:00Z', 'confirmed by a quote, 2026-10'),
    ('ideogram', 'ideogram-3.0', 'quality', true, 200000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-08'),
    ('ideogram', 'ideogram-1.0', 'turbo', false, 20000000, '2025-01-01T00:00:00Z', 'list price, second hand, 2026-06'),
    ('ideogram', 'ideogram-1.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'inferred, not seen in a source'),
    ('ideogram', 'ideogram-1.0', 'quality', false, 60000000, '2025-01-01T00:00:00Z', 'inferred: the default price'),
    ('runware', 'ideogram-4.0', 'turbo', false, 30000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-4.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-4.0', 'quality', false, 100000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'turbo', false, 30000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'pass-through, confirmed by replies'),
    ('runware', 'ideogram-3.0', 'quality', false, 90000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'turbo', true, 100000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'default', true, 150000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-3.0', 'quality', true, 200000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-1.0', 'turbo', false, 20000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-1.0', 'default', false, 60000000, '2025-01-01T00:00:00Z', 'pass-through, inferred'),
    ('runware', 'ideogram-1.0', 'quality', false, 60000000, '2025-01-01T00:00:00Z', 'pass-through, inferred: the default price')
ON CONFLICT DO NOTHING;
