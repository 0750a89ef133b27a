import { render } from 'preact';
import '../shared/tokens.css';
import '../shared/elements.css';
import './colours.css';
import './dashboard.css';
import './charts.css';
import './tables.css';
import './pictures.css';
import { App } from './app';
import { loadRuns } from './runs';

render(<App />, document.getElementById('page')!);
void loadRuns();
