-- The file of an arena, layout 2. Times are UTC, in milliseconds since 1970.
CREATE TABLE arena (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE entrants (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('endpoint', 'recorded')),
  model TEXT NOT NULL DEFAULT '',
  added_ms INTEGER NOT NULL,
  retired_ms INTEGER
);

CREATE TABLE prompts (
  id TEXT PRIMARY KEY,
  category TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL,
  own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1)), -- written by a voter
  retired_ms INTEGER
);

-- Recorded answers.
CREATE TABLE answers (
  entrant TEXT NOT NULL REFERENCES entrants,
  prompt TEXT NOT NULL REFERENCES prompts,
  text TEXT NOT NULL,
  cost_usd REAL,
  latency_s REAL,
  output_tokens INTEGER,
  PRIMARY KEY (entrant, prompt)
) WITHOUT ROWID;

CREATE TABLE voters (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL CHECK (kind IN ('person', 'judge')),
  door TEXT NOT NULL CHECK (door IN ('open', 'link', 'header')),
  first_ms INTEGER NOT NULL,
  blocked_ms INTEGER
);

CREATE TABLE battles (
  id TEXT PRIMARY KEY,
  voter TEXT NOT NULL REFERENCES voters,
  prompt TEXT NOT NULL REFERENCES prompts,
  category TEXT NOT NULL DEFAULT '',
  left_entrant TEXT NOT NULL REFERENCES entrants,
  right_entrant TEXT NOT NULL REFERENCES entrants,
  pair_probability REAL NOT NULL CHECK (pair_probability > 0 AND pair_probability <= 1),
  drawn_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'voted', 'failed', 'expired')),
  reason TEXT NOT NULL DEFAULT '',
  about TEXT REFERENCES battles, -- a judge's: whose answers it compared; null if of no single battle
  known_ms INTEGER NOT NULL DEFAULT 0, -- a judge's: when people had voted on them; 0 if recorded
  CHECK (left_entrant <> right_entrant)
);
CREATE INDEX battles_of_voter ON battles (voter, state);

-- One question and both answers; an answer is null until it has come.
CREATE TABLE turns (
  battle TEXT NOT NULL REFERENCES battles,
  turn INTEGER NOT NULL,
  question TEXT NOT NULL,
  left_answer TEXT,
  right_answer TEXT,
  left_first_s REAL,
  right_first_s REAL,
  left_total_s REAL,
  right_total_s REAL,
  left_tokens INTEGER,
  right_tokens INTEGER,
  left_cost_usd REAL,
  right_cost_usd REAL,
  PRIMARY KEY (battle, turn)
) WITHOUT ROWID;

CREATE TABLE votes (
  battle TEXT PRIMARY KEY REFERENCES battles,
  outcome TEXT NOT NULL CHECK (outcome IN ('left', 'right', 'tie', 'both_bad')),
  reasons TEXT NOT NULL DEFAULT '',
  voted_ms INTEGER NOT NULL,
  seconds REAL,
  reveals TEXT NOT NULL DEFAULT '',  -- which answer gives its model away, and how
  styles TEXT NOT NULL DEFAULT '{}'  -- JSON: length_a, header_a, list_a, bold_a and those of b
);

CREATE TABLE voids (
  battle TEXT PRIMARY KEY REFERENCES votes,
  reason TEXT NOT NULL CHECK (reason <> ''),
  voided_ms INTEGER NOT NULL
);

CREATE TABLE log (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT ''
);

-- What was voted, voided and logged stays as it was written.
CREATE TRIGGER log_is_not_changed BEFORE UPDATE ON log
  BEGIN SELECT RAISE(ABORT, 'the log of an arena is only added to'); END;
CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log
  BEGIN SELECT RAISE(ABORT, 'the log of an arena is only added to'); END;
CREATE TRIGGER votes_are_not_changed BEFORE UPDATE ON votes
  BEGIN SELECT RAISE(ABORT, 'a vote is voided, not changed'); END;
CREATE TRIGGER votes_are_not_deleted BEFORE DELETE ON votes
  BEGIN SELECT RAISE(ABORT, 'a vote is voided, not deleted'); END;
CREATE TRIGGER voids_are_not_changed BEFORE UPDATE ON voids
  BEGIN SELECT RAISE(ABORT, 'a voided vote stays void'); END;
CREATE TRIGGER voids_are_not_deleted BEFORE DELETE ON voids
  BEGIN SELECT RAISE(ABORT, 'a voided vote stays void'); END;

-- Every vote that is not void, in the columns that leaderboards are made of; a vote on an answer that
-- gave its model away stands there too, marked.
CREATE VIEW standing_votes AS
  SELECT
    v.battle AS battle,
    b.voter AS voter,
    b.prompt AS prompt,
    b.category AS category,
    b.left_entrant AS model_a,
    b.right_entrant AS model_b,
    CASE v.outcome
      WHEN 'left' THEN 'model_a'
      WHEN 'right' THEN 'model_b'
      WHEN 'tie' THEN 'tie'
      ELSE 'tie (bothbad)'
    END AS winner,
    v.voted_ms AS voted_ms,
    (SELECT COUNT(*) FROM turns AS t WHERE t.battle = v.battle) AS turns,
    v.reveals = '' AS names_hidden,
    v.seconds AS seconds,
    b.pair_probability AS pair_probability,
    json_extract(v.styles, '$.length_a') AS length_a,
    json_extract(v.styles, '$.length_b') AS length_b,
    json_extract(v.styles, '$.header_a') AS header_a,
    json_extract(v.styles, '$.header_b') AS header_b,
    json_extract(v.styles, '$.list_a') AS list_a,
    json_extract(v.styles, '$.list_b') AS list_b,
    json_extract(v.styles, '$.bold_a') AS bold_a,
    json_extract(v.styles, '$.bold_b') AS bold_b
  FROM votes AS v
  JOIN battles AS b ON b.id = v.battle
  WHERE NOT EXISTS (SELECT 1 FROM voids AS x WHERE x.battle = v.battle);

-- Those of people, of which leaderboards are made, and those of judge models.
CREATE VIEW counted_votes AS
  SELECT * FROM standing_votes WHERE voter IN (SELECT id FROM voters WHERE kind = 'person');
CREATE VIEW judge_votes AS
  SELECT * FROM standing_votes WHERE voter IN (SELECT id FROM voters WHERE kind = 'judge');
