-- Goes through the groups that follow a given one, and finds those that are flagged.
--
-- A statement of its own, because most pages have none, and most of what a look costs is its being set up over all children
-- of its tables.
--
-- $1 smallint[]  partition keys to walk, ascending; the first is the one that the last page ended in
-- $2 smallint    partition_key of the group to start behind
-- $3 text        its place in the table; (0,0) is before all
-- $4 bigint      how many groups to go through
--
-- Returns partition_key, flow_id, downstream_eid, place and flagged of each that is flagged and of the last, and how many
-- groups it went through, in the order of the walk.
-- Reads by place, ff_edge_group from $3 on. No index leads to flagged groups, so that many of them are read as $4 says.
-- Locks nothing.
-- Idempotent: it only reads.
WITH page AS MATERIALIZED (
    SELECT row_number() OVER () AS number, p.partition_key, here.flow_id, here.downstream_eid, here.place, here.flagged
      FROM unnest($1::smallint[]) AS p (partition_key)
     CROSS JOIN LATERAL (
           -- By place, because ids are random: in their order, each group is read from a page of its own. A group that is
           -- written to may move to where the walk has been; the next round finds it there.
           SELECT edge_group.flow_id, edge_group.downstream_eid, edge_group.ctid AS place,
                  edge_group.cancel_siblings_pending_flag AS flagged
             FROM ff_edge_group AS edge_group
            WHERE edge_group.partition_key = p.partition_key
              AND edge_group.ctid > CASE WHEN p.partition_key = $2::smallint THEN $3::text::tid ELSE '(0,0)'::tid END
            -- Without ORDER BY: they come in this order, and to sort them, all the rest of the partition would be read.
            LIMIT $4::bigint) AS here
     LIMIT $4::bigint
)
SELECT partition_key, flow_id, downstream_eid, place::text, flagged, number
  FROM page
 WHERE flagged OR number = (SELECT count(*) FROM page)
 ORDER BY number
 LIMIT $4::bigint
