import React, { useState } from "react";

export function Button({ label }: Props): JSX.Element {
  const [n, setN] = useState(0);
  return <Ui.Box onClick={() => setN(n + 1)}><Label text={label} /></Ui.Box>;
}

export const App = React.memo(() => <Button label="a" />);
