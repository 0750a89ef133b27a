import { render } from 'preact';
import '../shared/tokens.css';
import '../shared/elements.css';
import './token_text.css';
import './token_card.css';
import './chat.css';
import './settings.css';
import './playground.css';
import { App } from './app';
import { countPrompt } from './counting';
import { loadModels } from './models';

render(<App />, document.getElementById('page')!);
void loadModels();
countPrompt();
