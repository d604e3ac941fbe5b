-- The three items with the most events of each week.
WITH weekly AS (
    SELECT timestamp - timestamp % 604800 AS week, item_id, count(*) AS events
    FROM interactions
    GROUP BY 1, 2
), ranked AS (
    SELECT week, item_id, events, row_number() OVER (PARTITION BY week ORDER BY events DESC, item_id) AS place
    FROM weekly
)
SELECT week, place, item_id, events
FROM ranked
WHERE place <= 3
ORDER BY week, place
