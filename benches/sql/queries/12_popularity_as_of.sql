-- How many events its item had in the week before each event: the most, and the sum.
SELECT max(popularity) AS most, sum(popularity) AS total
FROM (
    SELECT count(*) OVER (
        PARTITION BY item_id ORDER BY timestamp RANGE BETWEEN 604800 PRECEDING AND 1 PRECEDING
    ) AS popularity
    FROM interactions
) AS counted
