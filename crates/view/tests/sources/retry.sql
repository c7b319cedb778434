-- How often something is tried.
CREATE TABLE app.retries (
  id INT PRIMARY KEY,
  tries INT NOT NULL REFERENCES limits(id)
);

CREATE VIEW busy AS SELECT id, tries FROM app.retries JOIN clocks ON clocks.id = retries.id;

CREATE INDEX by_tries ON app.retries (tries);

CREATE FUNCTION advance(by INT) RETURNS INT AS $$
  SELECT by + 1;
$$ LANGUAGE sql;

CREATE TYPE state AS ENUM ('done', 'failed');

INSERT INTO app.retries (id) VALUES (wait(1));

ALTER TABLE clocks ADD COLUMN name TEXT;
