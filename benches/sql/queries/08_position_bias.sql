-- At which place on the screen the items stood that an event is about; null where they did not stand on it.
SELECT array_position(impression, item_id) AS place, count(*) AS events
FROM interactions
WHERE impression IS NOT NULL
GROUP BY 1
ORDER BY 1
